"""Print an exercise of the lesson, or tell whether runs show what it is about.

    python scripts/exercise.py                                the titles of all exercises
    python scripts/exercise.py 1                              the task and its command
    python scripts/exercise.py 1 checkpoints/mnist_gan-002    whether this run shows its finding

Make your prediction first: if you name a run, the finding of the exercise is printed as well. For each
run, one sentence has the number that was measured and the number that decides. A run with other settings
than those of the exercise is judged as well, with a note. scripts/LESSON.md is the whole lesson.

Exit status: 0 if all runs show the finding, or if none is given; 1 if one of them does not; 2 for
bad input.
"""

import argparse
import sys

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.experiments import lesson
from gan_tf1.files import user_path


def number(text):
    """An argparse type: the number of an exercise."""
    if text not in map(str, lesson.EXERCISES):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not the number of an exercise, "
                                         f"1 to {len(lesson.EXERCISES)}")
    return int(text)


def task(chosen):
    """The lines that set the exercise `chosen`, without its finding."""
    exercise = lesson.EXERCISES[chosen]
    yield f"Exercise {chosen}: {exercise.title}"
    yield exercise.task
    yield f"Make your prediction, then run: {exercise.changed.command}"
    yield f"To compare it with: {exercise.usual.command}"
    yield f"Is this what your run shows? python scripts/exercise.py {chosen} RUN"


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("exercise", type=number, nargs="?", metavar="N",
                        help="the number of an exercise")
    parser.add_argument("run", type=user_path, nargs="*", metavar="RUN", help="run directories")
    args = parser.parse_args(argv)
    if args.exercise is None:
        print(*(f"{chosen:2} {exercise.title}" for chosen, exercise in lesson.EXERCISES.items()),
              sep="\n")
        return
    if not args.run:
        print(*task(args.exercise), sep="\n")
        return
    exercise = lesson.EXERCISES[args.exercise]
    found = [lesson.judge(exercise, path) for path in args.run]
    print(f"Exercise {args.exercise}: {exercise.finding}")
    for path, judged in zip(args.run, found):
        if judged.other:
            print(f"note: {path} has {', '.join(judged.other)}", file=sys.stderr)
        print(judged.sentence)
    if not all(judged.shown for judged in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
