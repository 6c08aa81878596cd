"""What a run's directory says of the processor that computed it."""

import platform
from types import SimpleNamespace

import pytest

from gan_tf1 import processor, tf1

SERVER = """processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R)  CPU @ 2.70GHz
power management:
flags		: fpu sse2 avx avx2 avx512f avx512_bf16{more}

processor	: 1
cpu family	: 7
model name	: another one
flags		: fpu
"""


@pytest.fixture
def info(tmp_path):
    def written(text):
        (tmp_path / "cpuinfo").write_text(text)
        return tmp_path / "cpuinfo"
    return written


@pytest.mark.parametrize("flags, instructions", [
    (" amx_bf16", "AMX"), ("", "AVX-512 with bfloat16"), (None, "AVX2")])
def test_the_first_core_is_described_by_its_most_capable_instructions(info, flags, instructions):
    text = SERVER.format(more=flags) if flags is not None else SERVER.replace(" avx512f avx512_bf16{more}", "")
    assert processor._name(info(text)) == f"Intel(R) Xeon(R) CPU @ 2.70GHz, family 6, model 143 ({instructions})"


def test_where_linux_does_not_name_the_processor_python_does(info, tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    arm = info("processor\t: 0\nFeatures\t: fp asimd bf16\nCPU part\t: 0xd40\n")
    assert processor._name(arm) == processor._name(tmp_path / "missing") == "aarch64"


@pytest.mark.parametrize("environment, used", [
    ({}, "oneDNN"), ({"ONEDNN_MAX_CPU_ISA": "avx2"}, "oneDNN limited to AVX2"),
    ({"DNNL_MAX_CPU_ISA": "AVX512_CORE"}, "oneDNN limited to AVX512_CORE")])
def test_a_limit_of_onednn_is_stated(monkeypatch, environment, used):
    monkeypatch.setattr(tf1, "uses_onednn", lambda: True)
    for name in tf1.ONEDNN_LIMITS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert processor.described().endswith(f", {used}")


def test_onednn_that_is_not_used_has_no_limit(monkeypatch):
    monkeypatch.setattr(tf1, "uses_onednn", lambda: False)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert processor.described().endswith(", without oneDNN")


def test_a_gpu_is_named_before_the_processor(monkeypatch):
    gpus = {"/physical_device:GPU:0": {"device_name": "NVIDIA H200"}, "/physical_device:GPU:1": {}}
    monkeypatch.setattr(tf1, "sees_gpu", lambda: True)
    monkeypatch.setattr(tf1.tf.config, "experimental", SimpleNamespace(
        list_physical_devices=lambda kind: [SimpleNamespace(name=name) for name in gpus],
        get_device_details=lambda gpu: gpus[gpu.name]))
    assert processor.described().startswith(f"NVIDIA H200, /physical_device:GPU:1, {processor._name()}")
