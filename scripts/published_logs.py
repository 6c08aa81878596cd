"""Judge the logs that other people published by the envelopes of many seeds, and draw them.

    python scripts/published_logs.py
    python scripts/published_logs.py --out checkpoints/published_logs --overwrite

Every log in gan_tf1/published/other_logs is judged by the envelope of its chapter and by that of the
known change that it is, if there is one. The report.txt in the folder has the table, how many logs of
each program have which verdict, whether our seeds lie inside theirs, how many logs it takes to tell
one program from another, and which known program each log looks most like. The losses.png shows the
MNIST GAN's. The same command includes envelopes that are added later.
"""

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.published import envelopes, judged_figure, judged_logs, other_logs
from gan_tf1.training import many_runs, outputs
from gan_tf1.wording import quantity

SHOWN = "mnist_gan"         # the chapter of the picture
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
    outputs.add_flags(parser, "published_logs", what="the folder of report.txt and losses.png")
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
    if envelopes.has_envelope(SHOWN):
        lines += ["", f"How many logs of {TOLD_APART} it takes to tell them from {SHOWN}:",
                  *judged_logs.told_apart(SHOWN, TOLD_APART)]
    if liked := [line for chapter in chapters for line in judged_logs.likes(chapter)]:
        lines += ["", "Which known program each log looks most like:", *liked]
    many_runs.write_report(out / "report.txt", [
        f"{len(results)} logs that other people published, judged by our seeds; made by published_logs.py",
        *(line for chapter in chapters for line in about(chapter)),
        "no envelope yet: " + (", ".join(chapter for chapter in chapters if not (
            envelopes.has_envelope(chapter))) or "none")], lines)
    print(*lines, out / "report.txt", sep="\n")
    figure = judged_figure.published(
        other_logs.of_chapter(SHOWN), judged_logs.envelopes_of(SHOWN),
        "The MNIST GAN: the losses of our seeds and those that other people published")
    print(figures.save(figure, out / "losses.png"))


if __name__ == "__main__":
    main()
