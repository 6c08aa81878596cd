"""Judge the logs that other people published by the envelopes of many seeds, and draw them.

    python scripts/published_logs.py
    python scripts/published_logs.py --out checkpoints/published_logs --overwrite

Every log in gan_tf1/published/other_logs is judged by the envelope of its chapter and by that of the
known change that it is, if there is one. The report.txt in the folder has the table, how many logs of
each program have which verdict, whether our seeds lie inside theirs, how many logs it takes to tell
one program from another, and which known program each log looks most like. Three pictures show the logs of
the MNIST GAN, of the DCGAN on MNIST and of the DCGAN on SVHN beside our seeds. The same command includes
envelopes that are added later.
"""

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.published import envelopes, judged_figure, judged_logs, other_logs
from gan_tf1.training import many_runs, outputs
from gan_tf1.wording import quantity

SHOWN = {"mnist_gan": "The MNIST GAN", "dcgan_mnist": "The article's DCGAN on MNIST",
         "dcgan_svhn_steps": "The DCGAN on SVHN"}  # the chapters of the pictures
MANY = "mnist_gan"          # the chapter of most published logs
TOLD_APART = "adam_0.002"   # the change with most published logs


def about(chapter):
    """The lines on the envelopes of a chapter by which its logs are judged."""
    for name, envelope in judged_logs.envelopes_of(chapter).items():
        yield (f"envelope of {chapter}{f', {name}' if name else ''}: "
               f"{quantity(envelope.seeds, 'seed')}, {envelope.chapter.counted}s "
               f"{envelope.epochs[0]} to {envelope.epochs[-1]}, on {envelope.trained_on}")


@script
def main(argv=None):
    parser = Parser(__doc__)
    outputs.add_flags(parser, "published_logs", what="the folder of report.txt and the pictures")
    args = parser.parse_args(argv)
    out = outputs.folder(args, "published_logs")

    results = judged_logs.judged()
    chapters = list(dict.fromkeys(each.one.chapter for each in results if each.one.chapter))
    lines = [*judged_logs.table(results), "", "Verdicts by program:", *judged_logs.counts(results)]
    if reasons := list(judged_logs.reasons(results)):
        lines += ["", "Logs that can't be compared:", *reasons]
    if second := list(judged_logs.second_lines()):
        lines += ["", "Lines of a second kind in these logs:", *second]
    ours = [line for chapter in chapters for line in judged_logs.ours_in_theirs(chapter)]
    nobody = ["no program has both an envelope and enough published logs yet"]
    lines += ["", "All published logs of a program together:", *(
        [line for chapter in chapters for line in judged_logs.together(chapter)] or nobody),
              "", "Our seeds, judged by the published logs of the same program:", *(ours or nobody)]
    if envelopes.has_envelope(MANY):
        lines += ["", f"How many logs of {TOLD_APART} it takes to tell them from {MANY}:",
                  *judged_logs.told_apart(MANY, TOLD_APART)]
    if liked := [line for chapter in chapters for line in judged_logs.likes(chapter)]:
        lines += ["", "Which known program each log looks most like:", *liked]
    many_runs.write_report(out / "report.txt", [
        f"{len(results)} logs that other people published, judged by our seeds; made by published_logs.py",
        *(line for chapter in chapters for line in about(chapter)),
        "no envelope yet: " + (", ".join(chapter for chapter in chapters if not (
            envelopes.has_envelope(chapter))) or "none")], lines)
    print(*lines, out / "report.txt", sep="\n")
    for chapter, what in SHOWN.items():
        if envelopes.has_envelope(chapter):
            figure = judged_figure.published(
                other_logs.of_chapter(chapter), judged_logs.envelopes_of(chapter), what)
            print(figures.save(figure, out / f"{chapter}.png"))


if __name__ == "__main__":
    main()
