"""Which processor computes a training, and with which instructions: this decides how its results are rounded."""

import os
import pathlib
import platform
import re

from gan_tf1 import tf1

INFO = pathlib.Path("/proc/cpuinfo")  # what Linux tells of the processors
# What Linux calls an instruction set -> what everybody else does, the most capable one first.
INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 with bfloat16", "avx512f": "AVX-512", "avx2": "AVX2",
                "avx": "AVX"}


def described() -> str:
    """The processor, its instructions for vectors, and whether TensorFlow uses oneDNN; GPUs first, if it uses any.

    For example "AMD EPYC, family 26, model 2 (AVX-512 with bfloat16), oneDNN". Some of it is left out
    where the system does not tell it, such as elsewhere than on Linux.
    """
    return ", ".join([*_gpus(), _name(), _onednn()])


def _name(file=INFO):
    """The processor with its instructions; `file` lists the properties of each core."""
    try:
        first_core = file.read_text().partition("\n\n")[0]
    except OSError:
        first_core = ""
    told = dict(re.findall(r"^([\w ]+?)\s*: *(.*)$", first_core, re.MULTILINE))
    name = told.get("model name") or platform.processor() or platform.machine()
    kind = [f"{key} {told[of]}" for key, of in (("family", "cpu family"), ("model", "model")) if of in told]
    flags = told.get("flags", "").split()
    most = next((f" ({common})" for flag, common in INSTRUCTIONS.items() if flag in flags), "")
    return ", ".join([" ".join(name.split()), *kind]) + most


def _gpus():
    if not tf1.sees_gpu():
        return []
    asked = tf1.tf.config.experimental
    return [asked.get_device_details(gpu).get("device_name", gpu.name) for gpu in asked.list_physical_devices("GPU")]


def _onednn():
    if not tf1.uses_onednn():
        return "without oneDNN"
    limits = filter(None, map(os.environ.get, tf1.ONEDNN_LIMITS))
    return next((f"oneDNN limited to {limit.upper()}" for limit in limits), "oneDNN")
