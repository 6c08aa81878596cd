"""A verdict as JSON, for machines.

The document has these keys. A number that is not known or not finite is `null`; intervals are [low, high].

    format          1; it is raised if a key changes its meaning or is removed
    chapter         the chapter whose logs were compared
    logs            their names, a list
    verdict         "differs", "equivalent", "can't tell" or "cannot be compared"
    sentence        the verdict as it is printed
    limits          what the comparison can detect, as it is printed
    compared        how many epochs or steps of the logs were compared, and which; "" if none were
    notes           further lines that are printed, a list: on the data, on settings, on seeds that diverged
    p_value         of several logs: the probability of a difference as large as this by chance
    envelope        {"seeds": their number, "data": the title of their data, "data_crc32": the checksum of their
                    training set, "" if it is not stated, "title": of a known change}
    statistics      a list of {"window", "epochs", "loss", "kind": "mean" or "spread", "value", "expected",
                    "interval", "joint", "outside": true or false, "smallest_shift"}; the smallest shift
                    found in 80 % of cases is a difference of means, and a factor of spreads
    effective       as how many independent statistics those of the list count, for one log
    not_normal      how many of them are not normally distributed over seeds, for one log
    shares_inside   loss -> share of single epochs inside their 95 % prediction interval
    equivalence     loss -> {"margin": the stated one, "within": the smallest that could be shown}
    likeness        null without envelopes of known changes, or {"probabilities": {name: number}, "titles":
                    name -> title, "fit": p-value of the test whether it fits one, "level": that of
                    "none", "none": true or false}
"""

import json
import math

FORMAT = 1


def document(verdict, chapter, names, envelope, likeness=None, notes=()) -> str:
    """The JSON text of a `comparison.Verdict` on the logs called `names`, a `likeness.Likeness`, and `notes`."""
    equivalence = verdict.equivalence and {
        title: {"margin": margin, "within": verdict.equivalence.within[title]}
        for title, margin in verdict.equivalence.margins.items()}
    found = {
        "format": FORMAT, "chapter": chapter, "logs": [str(name) for name in names],
        "verdict": verdict.word, "sentence": verdict.sentence, "limits": verdict.limits,
        "compared": verdict.compared, "notes": list(notes),
        "p_value": verdict.p_value,
        "envelope": {"seeds": envelope.seeds, "data": envelope.data,
                     "data_crc32": envelope.data_crc32, "title": envelope.title},
        "statistics": [{"smallest_shift" if name == "smallest" else name: value
                        for name, value in statistic._asdict().items()}
                       for statistic in verdict.statistics],
        "effective": verdict.effective, "not_normal": verdict.not_normal,
        "shares_inside": verdict.shares, "equivalence": equivalence or {},
        "likeness": likeness and {"probabilities": likeness.probabilities, "titles": likeness.titles,
                                  "fit": likeness.fit, "level": likeness.level,
                                  "none": likeness.none}}
    return json.dumps(_plain(found), indent=1, allow_nan=False)


def _plain(value):
    """`value` with `None` for every number that is not finite."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
