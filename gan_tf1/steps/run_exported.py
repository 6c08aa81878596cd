"""Run exported training steps in JAX, and compare them with what TensorFlow computed.

    python run.py                     the step beside this file, or all steps in its folders
    python run.py FOLDER ...          the steps in these folders
    python run.py --json out.json     also write the numbers

It needs JAX and NumPy alone (pip install jax), and uses the device that JAX chooses. Each step is run
in float64 and in float32, and on a GPU also with TF32. The columns are:

    float64   the largest difference of a loss or a variable from TensorFlow's float64, relative to
              the larger of 1 and the largest number of that array; at most 1e-8 is accepted
    float32   the largest error of a loss or a variable, in units of the error that TensorFlow's own
              float32 has there on a processor; at most 16 units are accepted
    TF32      the same; it is shown, and never fails
    ms        of one step in float32, if all steps are made in one call

The status is 1 if a difference is larger than accepted, and 2 if the steps can't be run.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
import time
import zipfile

import numpy as np

# Two orders of summation have a relative difference of about 1e-16. Adam amplifies this most for a
# bias before batch norm, whose gradient is only rounding errors: by learning rate / 1e-8 per step.
FLOAT64 = 1e-8
# Another order of summation in float32 has errors of the same size as TensorFlow's, or a few times as
# large: a maximum over few numbers varies.
UNITS = 16
LEAST = 2. ** -20  # the smallest unit, relative to the largest number: sixteen roundings of float32
SECONDS = 1.       # for which steps are timed


def loaded(folder):
    """`(about, arrays)` of an exported step."""
    try:
        about = json.loads((folder / "step.json").read_text())
        with np.load(folder / "arrays.npz") as file:
            return about, dict(file)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        refuse(f"the exported step in {folder} can't be read: {error}")


def expected(about, arrays, kind):
    """The expected losses [steps, k] and updated variables of a kind of step, by name."""
    names = [result[0] for result in about[kind]["results"]][arrays["losses"].shape[1]:]
    ending = "64" if kind == "step64" else ""
    return {"losses": arrays["losses" + ending],
            **{name: arrays[f"end{ending}/{name}"] for name in names}}


def difference(found, wanted):
    """The largest difference of two arrays, relative to the larger of 1 and the largest number.

    It is infinite if any number is not finite.
    """
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    if not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return np.inf
    if not wanted.size:
        return 0.
    return float(np.abs(found - wanted).max() / max(1., np.abs(wanted).max()))


def units(found, single, double):
    """The largest error of `found`, an array in float32, in units of that of `single`.

    `single` and `double` are what TensorFlow computed in float32 and float64.
    """
    unit = max(difference(single, double), LEAST)
    return difference(found, double) / unit


def worst(pairs):
    """The largest of the (number, name) in `pairs`."""
    return max(pairs, default=(0., ""))


def program(folder, about, kind):
    """A function of draws [steps, ...] and variables, both by name, that makes all steps in JAX.

    It returns the losses, as a list of [steps], and the variables.
    """
    import jax
    import jax.numpy as jnp
    from jax import export
    arguments, results = about[kind]["arguments"], about[kind]["results"]
    shapes = [[jax.ShapeDtypeStruct(tuple(shape), np.dtype(dtype)) for _, dtype, shape in them]
              for them in (arguments, results)]
    # A function of the same arguments and results is exported, and its program is replaced.
    same = jax.jit(lambda *_: tuple(jnp.zeros(result.shape, result.dtype) for result in shapes[1]),
                   keep_unused=True)
    step = dataclasses.replace(
        export.export(same)(*shapes[0]),
        mlir_module_serialized=(folder / f"{kind}.stablehlo").read_bytes())

    def turn(variables, draws):
        found = dict(zip([name for name, *_ in results],
                         step.call(*(draws[name] if name in draws else variables[name]
                                     for name, *_ in arguments))))
        losses = [found.pop(name) for name in list(found) if name.startswith("loss_")]
        return variables | found, losses

    @jax.jit
    def steps(draws, variables):
        variables, losses = jax.lax.scan(turn, variables, draws)
        return losses, variables

    return steps


def computed(folder, about, arrays, kind, seconds=0.):
    """`(found, milliseconds, compilation)`: what the steps of a kind compute, as in `expected`.

    The milliseconds are those of a step, measured for `seconds`; the compilation is in seconds.
    """
    import jax
    types = {name: dtype for name, dtype, _ in about[kind]["arguments"]}

    def of(prefix):
        return {name: jax.device_put(arrays[f"{prefix}/{name}"].astype(dtype))
                for name, dtype in types.items() if f"{prefix}/{name}" in arrays}

    steps, draws, variables = program(folder, about, kind), of("draws"), of("start")
    begin = time.perf_counter()
    losses, after = jax.block_until_ready(steps(draws, variables))
    compilation, taken = time.perf_counter() - begin, []
    while sum(taken) < seconds:
        begin = time.perf_counter()
        jax.block_until_ready(steps(draws, variables))
        taken.append(time.perf_counter() - begin)
    found = {"losses": np.stack(losses, 1) if losses else np.zeros((about["steps"], 0)),
             **{name: np.asarray(value) for name, value in after.items()}}
    return found, 1000 * float(np.median(taken or [np.nan])) / about["steps"], compilation


def checked(folder, kinds, seconds=SECONDS):
    """Run and compare the steps in `folder`: a row of the table, as a dict.

    `kinds` are the steps in float32 that are run, title -> name of the file.
    """
    about, arrays = loaded(folder)
    double, single = expected(about, arrays, "step64"), expected(about, arrays, "step")
    found, _, _ = computed(folder, about, arrays, "step64")
    row = {"configuration": about["configuration"], "steps": about["steps"]}
    row["float64"], row["float64 of"] = worst(
        (difference(found[name], value), name) for name, value in double.items())
    for title, kind in kinds.items():
        found, milliseconds, compilation = computed(folder, about, arrays, kind, seconds)
        row[title], row[f"{title} of"] = worst(
            (units(found[name], value, double[name]), name) for name, value in single.items())
        row[f"{title} difference"], _ = worst(
            (difference(found[name], value), name) for name, value in single.items())
        row[f"{title} ms"], row[f"{title} compilation"] = milliseconds, compilation
    row["accepted"] = bool(row["float64"] <= FLOAT64 and row["float32"] <= UNITS)
    return row


def table(rows):
    """The lines of a Markdown table of `rows`."""
    lines = ["| configuration | float64: largest difference | float32: units | TF32: units "
             "| ms per step | accepted |", "|---|---|---|---|---|---|"]
    for row in rows:
        tf32 = f"{row['TF32']:.3g}" if "TF32" in row else ""
        lines.append(f"| {row['configuration']} | {row['float64']:.1e} | {row['float32']:.2f} "
                     f"| {tf32} | {row['float32 ms']:.3g} | {'yes' if row['accepted'] else 'NO'} |")
    return lines


def folders(given, beside):
    """The folders of exported steps that are meant by the arguments `given`."""
    if not given and (beside / "step.json").is_file():
        return [beside]
    places = given or [beside]
    found = [path for place in places for path in
             ([place] if (place / "step.json").is_file() else
              sorted(each.parent for each in place.glob("*/step.json")))]
    if not found:
        refuse(f"there is no step.json in {', '.join(map(str, places))}, nor in a folder of it")
    return found


def write(path, document):
    """Write `document` to the JSON file `path`, completely or not at all."""
    temporary = path.with_name(f".writing-{path.name}")
    temporary.write_text(json.dumps(document, indent=1) + "\n")
    os.replace(temporary, path)


def refuse(message):
    """End the program with one line and the status 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="*", type=pathlib.Path,
                        help="folders of exported steps, or of such folders")
    parser.add_argument("--json", type=pathlib.Path, help="the file for all numbers")
    parser.add_argument("--seconds", type=float, default=SECONDS,
                        help="how long each step is timed (default: %(default)s)")
    args = parser.parse_args(argv)
    chosen = folders(args.folder, pathlib.Path(__file__).resolve().parent)
    if args.json and not args.json.absolute().parent.is_dir():
        refuse(f"--json {args.json} is in no folder that exists: name another")
    try:
        import jax
    except ImportError:
        refuse("this needs JAX: pip install jax")
    jax.config.update("jax_enable_x64", True)
    device = jax.devices()[0]
    about = {"device": f"{device.device_kind} ({device.platform})", "jax": jax.__version__,
             "numpy": np.__version__, "python": platform.python_version()}
    print(", ".join(f"{key} {value}" for key, value in about.items()), flush=True)
    kinds, rows = {"float32": "step"}, []
    if device.platform != "cpu":
        kinds["TF32"] = "step_tf32"
    for folder in chosen:
        rows.append(checked(folder, kinds, args.seconds))
        print(f"{rows[-1]['configuration']}: "
              f"{'accepted' if rows[-1]['accepted'] else 'NOT ACCEPTED'}", flush=True)
        if args.json:  # after each step, so that a run that is cut off leaves what it has found
            write(args.json, {**about, "rows": rows})
    print("\n".join(["", *table(rows)]))
    return 0 if all(row["accepted"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
