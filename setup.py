from setuptools import find_packages, setup

setup(
    name="gan_tf1",
    version="0.1.0",
    description="The GAN chapters that people learned from, as TF1 graphs on today's TensorFlow",
    packages=find_packages(include=["gan_tf1", "gan_tf1.*"]),
    package_data={"gan_tf1.published": ["book_logs/*.csv"]},
    python_requires=">=3.10",
    install_requires=[
        "tensorflow>=2.20,<2.22",
        "tf-keras>=2.20,<2.22",
        "numpy>=1.26.4",
        "scipy>=1.11.4",
        "matplotlib>=3.8.4",
        "tensorflow-datasets>=4.9.7",
        "importlib_resources",  # tensorflow-datasets imports it without declaring it
        "protobuf>=6.31.1",     # so does tensorflow-metadata, below it, with this version
        "tqdm>=4.66.5",
        "tabulate>=0.9",
        "pillow>=9.4",          # matplotlib needs it too; so does a listing's scipy.misc
    ],
    extras_require={
        "test": ["pytest>=8.0.2", "pytest-xdist>=3.5"],
        "gpu": ["tensorflow[and-cuda]>=2.20,<2.22"],
        "hub": ["tensorflow_hub>=0.16.1"],  # downloads a module; one on disk needs no more
        "bench": ["torch>=2.6", "jax>=0.4.31", "keras>=3.5"],
    },
)
