import pathlib

from setuptools import find_packages, setup

SHIPPED = ("mnist_gan", "mnist_classifier", "mnist_generators/conditional_gan")  # the trained networks that scripts use by default

setup(
    name="gan_tf1",
    version="0.1.0",
    description="The GAN chapters that people learned from, as TF1 graphs on today's TensorFlow",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    keywords=["GAN", "generative adversarial networks", "TensorFlow", "TensorFlow 1", "tf.layers",
              "DCGAN", "Wasserstein GAN", "pix2pix", "CycleGAN", "MNIST", "reproducibility", "teaching"],
    classifiers=[  # without a licence, since the owner has not chosen one yet
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Natural Language :: English",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.13",
        "Topic :: Education",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    # In a wheel, the scripts and the trained networks are inside the package (gan_tf1/places.py).
    packages=[*find_packages(include=["gan_tf1", "gan_tf1.*"]), "gan_tf1.scripts", "gan_tf1.checkpoints"],
    package_dir={"gan_tf1.scripts": "scripts", "gan_tf1.checkpoints": "checkpoints"},
    package_data={
        "gan_tf1.published": ["book_logs/*.csv", "known_changes/*/*.csv", "other_logs/*.csv*"],
        "gan_tf1.report": ["*.html", "*.css", "*.js"],
        "gan_tf1.checkpoints": [f"{run}/{files}" for run in SHIPPED for files in
                                ("config.json", "log.txt", "losses.csv", "generator/*")],
    },
    entry_points={"console_scripts": ["gan-tf1 = gan_tf1.__main__:main"]},
    python_requires=">=3.10,<3.14",  # TensorFlow 2.21 has no wheels for 3.14
    install_requires=[
        "tensorflow>=2.20,<2.22",
        "tf-keras>=2.20,<2.22",
        "numpy>=1.26.4",
        "scipy>=1.11.4",
        "matplotlib>=3.8.4",
        "tensorflow-datasets>=4.9.7",
        "importlib_resources",  # tensorflow-datasets imports it without declaring it
        "protobuf>=6.31.1",     # tensorflow-metadata needs this version without declaring it
        "tqdm>=4.66.5",
        "tabulate>=0.9",
        "pillow>=9.4",          # also for matplotlib, and for scipy.misc in listings
    ],
    extras_require={
        "test": ["pytest>=8.0.2", "pytest-xdist>=3.5"],
        "gpu": ["tensorflow[and-cuda]>=2.20,<2.22"],
        "hub": ["tensorflow_hub>=0.16.1"],  # only to download a module; a module on disk does not need it
        "onnx": ["tf2onnx==1.17.0", "onnx>=1.17,<1.24", "onnxruntime>=1.20,<1.33"],  # export.py --onnx
        "python2": ["fissix>=24.4.24"],  # gan_tf1.listing --python2
        "notebooks": ["jupytext>=1.16", "nbclient>=0.10", "ipykernel>=6.29"],
        "bench": ["torch>=2.6", "jax>=0.4.31", "keras>=3.5"],
    },
)
