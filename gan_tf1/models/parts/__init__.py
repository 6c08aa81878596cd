"""Parts of models that fill a page of their own: each belongs to the model that its docstring names."""
