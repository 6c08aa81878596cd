"""Which slow tests a command line selects."""

import types

import pytest

from conftest import is_named

HERE = "tests/test_slow_tests.py"


@pytest.mark.parametrize("arguments, named", [
    ([f"{HERE}::test_a"], True), ([f"{HERE}::test_a[x]"], True), (["other.py", f"{HERE}::test_a"], True),
    ([f"{HERE}::test_a[y]"], False), ([f"{HERE}::test_"], False), ([HERE], False),
    (["tests/test_pages.py::test_a"], False)])
def test_a_slow_test_is_selected_by_its_own_name_alone(request, arguments, named):
    item = types.SimpleNamespace(path=request.path, nodeid=f"{HERE}::test_a[x]")
    here = str(request.path)
    assert is_named(item, [argument.replace(HERE, here) for argument in arguments]) is named
