"""Read and write the image files that the scripts of pix2pix and CycleGAN translate."""

from gan_tf1.data import images
from gan_tf1.errors import InputError
from gan_tf1.files import user_path
from gan_tf1.training import outputs, run_directory


def add_flags(parser) -> None:
    """Add the flags for the images, the run whose generator translates them, and the results."""
    parser.add_argument("images", type=user_path, nargs="+", metavar="IMAGE", help="image files; the "
                        "central square of each is resized to the run's size")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/)")
    outputs.add_flags(parser, "translated", what="the folder of translated images")


def places(args, chapter, ending):
    """The run directory, and a file for the translation of each image: `ending` follows its name.

    Raises InputError if `chapter` has no run, if the folder for the files can't be used, or if two
    images have the same name.
    """
    path = args.run_dir or run_directory.newest(chapter)
    folder = outputs.folder(args, "translated")
    files = [folder / f"{image.stem}{ending}.png" for image in args.images]
    names = [file.name.casefold() for file in files]  # as macOS and Windows compare them
    for number, file in enumerate(files):
        if names[number] in names[:number]:
            raise InputError(f"{file} would be overwritten, because two of the images have the same "
                             "name: translate them one by one")
    return path, files


def write(stack, files) -> None:
    """Write the images `stack`, uint8 [n, size, size, channels], to the n `files`, and print these."""
    for image, file in zip(stack, files):
        images.write(image, file)
        print(file)
