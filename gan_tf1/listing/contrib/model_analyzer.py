"""`slim.model_analyzer`: the number of parameters of a model."""


def analyze_vars(variables, print_info=False):
    """The number of parameters and of bytes of `variables`; `print_info` prints each variable."""
    if print_info:
        print("---------\nVariables: name (type shape) [size]\n---------")
    numbers = size = 0
    for var in variables:
        count = var.get_shape().num_elements() or 0
        bytes_ = count * var.dtype.size
        numbers, size = numbers + count, size + bytes_
        if print_info:
            print(f"{var.name} ({var.dtype.base_dtype.name} "
                  f"{'x'.join(map(str, var.get_shape().as_list()))}) [{count}, bytes: {bytes_}]")
    if print_info:
        print(f"Total size of variables: {numbers}\nTotal bytes of variables: {size}")
    return numbers, size
