"""Python 2 in listings: `--python2`, and the names that are there without it."""

import ast
import json

import numpy as np
import pytest

from conftest import refusal
from gan_tf1.listing import python2
from gan_tf1.listing.__main__ import main
from gan_tf1.listing.report import told
from gan_tf1.listing.run import run

PROGRAM = '''# -*- coding: utf-8 -*-
import os, sys
reload(sys)
sys.setdefaultencoding('utf8')
import cPickle as pickle
import itertools, urllib, string
from StringIO import StringIO
import numpy as np
import tensorflow as tf
from gan_ops import layer

class Data(object):
    def __init__(self, images):
        self.images, self.at = images, 0
    def __iter__(self):
        return self
    def next(self):
        self.at += 1
\tif self.at > 0003:
            raise StopIteration, "no more"
        return self.images[self.at - 1]

flags = {'epochs': 10L, 'size': 28}
for name, value in flags.iteritems():
    print >>sys.stderr, "%s:" % name,
if flags.has_key('size') and flags['size'] <> 29:
    half = flags['size'] / 3
rows = np.arange(7) / 2
half_rows = np.float32(7) / 2
names = flags.keys()
names.sort()
pairs = zip(names, map(lambda (a, b): a + b, [(1, 2), (3, 4)]))
x = tf.placeholder(tf.float32, [None, 28 * 28 / 4])
width = x.get_shape()[1] / 5
steps = tf.constant(7) / 2
total = 9
total /= 2
y = layer(x, 64 / 3)
try:
    with open('numbers.pkl', 'w') as file:
        pickle.dump({'data': [1]}, file)
    again = pickle.load(open('numbers.pkl'))['data']
    raise ValueError, 'expected'
except ValueError, error:
    message = `error`
first = [image.max() for image in Data(np.ones([3, 2]))]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in xrange(2):
        loss = sess.run(tf.reduce_mean(y), {x: np.ones([2, 196])})
        print "step %d" % step, "loss", loss
    steps = sess.run(steps)
rounded = round(2.5), string.letters[:2], unicode('a'), list(itertools.izip([1], [2])), urllib.quote('a b')
'''
OPS = '''import tensorflow as tf
def layer(x, units):
    print "layer", x.get_shape()[1] / 3
    return tf.layers.dense(x, units / 2)
'''


@pytest.fixture
def fissix():
    pytest.importorskip("fissix", reason="--python2 needs fissix")


def test_a_program_and_its_module(tmp_path, fissix, capfd):
    (tmp_path / "old.py").write_text(PROGRAM)
    (tmp_path / "gan_ops.py").write_text(OPS)
    result = run(tmp_path / "old.py", tmp_path, is_python2=True)
    assert [told(failure, tmp_path / "old.py") for failure in result.failures] == []
    names = result.names
    assert (names["half"], names["total"], names["width"].value, names["steps"]) == (9, 4, 39, 3)
    assert names["rows"].tolist() == [0, 0, 1, 1, 2, 2, 3] and names["half_rows"] == 3.5
    assert names["pairs"] == [("epochs", 3), ("size", 7)] and names["first"] == [1, 1, 1]
    assert names["again"] == [1] and names["message"] == "ValueError('expected')"
    assert names["rounded"] == (3.0, "ab", "a", [(1, 2)], "a%20b")
    assert names["y"].shape.as_list() == [None, 10]
    said = capfd.readouterr()
    assert said.out.startswith("layer 65\nstep 0 loss ") and "epochs: size:" in said.err
    assert not (tmp_path / "__pycache__").exists()


def test_messages_show_the_original_lines(tmp_path, fissix):
    (tmp_path / "gan_ops.py").write_text("def check(x):\n    print 'x is', x\n    return x <> 1 / 0\n")
    cells = ["import gan_ops\nprint 'here'", "a = [3, 2]\nfor i in xrange(2):\n    gan_ops.check(a[i])"]
    (tmp_path / "old.ipynb").write_text(json.dumps({"cells": [
        {"cell_type": "code", "source": cell} for cell in cells]}))
    [failure] = run(tmp_path / "old.ipynb", tmp_path, is_python2=True).failures
    assert told(failure, tmp_path / "old.ipynb").splitlines() == [
        "gan_ops.py, line 3, in check: ZeroDivisionError: integer division or modulo by zero",
        "    return x <> 1 / 0", "  called in block 2, line 3", "    gan_ops.check(a[i])"]
    (tmp_path / "bad.py").write_text("print 'a'\nprint 'b' 'c' d\n")
    [failure] = run(tmp_path / "bad.py", tmp_path, is_python2=True).failures
    assert told(failure, tmp_path / "bad.py").splitlines() == [
        "bad.py, block 1, line 2: SyntaxError: this is neither Python 2 nor Python 3",
        "    print 'b' 'c' d"]


@pytest.mark.parametrize("future, text, value", [
    ((), "1 / 2", 0), (("division",), "1 / 2", 0.5), ((), "7. / 2", 3.5), ((), "-7 / 2", -4),
    ((), "[n for n in map(abs, [-1])][0] / 2", 0), (("print_function",), "print('a', end='') or 3", 3)])
def test_division_and_future_imports(fissix, future, text, value):
    tree = python2.parse(f"x = {text}", "x.py", future)
    names = {python2.DIVIDE: python2.divide}
    exec(compile(tree, "x.py", "exec"), names)
    assert names["x"] == value


def test_future_imports_are_found_in_all_blocks():
    assert python2.features(["import a", "x = 1\nfrom __future__ import (division,\n  print_function)\n",
                             "from __future__ import unicode_literals as u"]) >= {
        "division", "print_function", "unicode_literals"}


def test_arrays_are_divided_in_place_and_divisions_nest():
    tree = python2._Division().visit(ast.parse("a /= 2\nb = 9 / 2 / 2\nc[0] /= 2\nd /= 2"))
    array = np.array([5, 9])
    names = {python2.DIVIDE: python2.divide, "a": array, "c": [7], "d": 3.0}
    exec(compile(ast.fix_missing_locations(tree), "x.py", "exec"), names)
    assert names["a"] is array and array.tolist() == [2, 4]
    assert (names["b"], names["c"], names["d"]) == (2, [3], 1.5)


def test_python_2_without_fissix_gives_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "old.py").write_text("print 'x'\n")
    assert "--python2 needs the package fissix: python -m pip install fissix" in refusal(
        capsys, main, tmp_path / "old.py", "--python2")


def test_names_of_python_2_stop_nothing(tmp_path, capfd):
    (tmp_path / "old.py").write_text("import cPickle, urllib2, Queue\nfrom itertools import izip\n"
                                     "for i in xrange(3):\n    a = unicode(i / 2)\n"
                                     "b = isinstance(a, basestring), reduce(max, [1, 3]), cPickle.loads\n")
    result = run(tmp_path / "old.py", tmp_path)
    assert result.failures == [] and result.names["a"] == "1.0" and result.names["b"][:2] == (True, 3)
    assert "xrange is of Python 2, where 1/2 was 0; here it is 0.5" in capfd.readouterr().err
    (tmp_path / "both.py").write_text("try:\n    xrange\nexcept NameError:\n    xrange = range\n"
                                      "a = list(xrange(3))[2] / 2\n")
    assert run(tmp_path / "both.py", tmp_path).names["a"] == 1.0
    assert "Python 2" not in capfd.readouterr().err


def test_strings_of_python_2_in_files_hashes_and_protocol_buffers(tmp_path):
    pytest.importorskip("fissix", reason="--python2 needs fissix")
    (tmp_path / "listing.py").write_text(r'''
import csv, hashlib, json, tensorflow as tf
with open('binary', 'wb') as f:
    f.write('GIF\n')
    f.write('\xff'.encode('latin1'))
data = open('binary').read()
with open('copy', 'w') as f:
    f.write(data)
    f.write(u'\xe9'.encode('utf-8'))
same = open('copy', 'rb').read()
json.dump({'a': 1}, open('a.json', 'wb'))
open('t.csv', 'wb').write('a,b\n1,2\n')
rows = list(csv.reader(open('t.csv', 'rb')))
digest = hashlib.md5('text').hexdigest(), 'abc'.encode('hex'), 'abc'.decode('utf-8')
feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=['label']))
class Codec(object):
    def encode(self, x, scale=2):
        return x * scale
own = Codec().encode(3, scale=3)
''')
    result = run(tmp_path / "listing.py", tmp_path, is_python2=True)
    assert [str(failure.error) for failure in result.failures] == []
    names = result.names
    assert names["same"] == b"GIF\n\xff\xc3\xa9" and names["rows"] == [["a", "b"], ["1", "2"]]
    assert names["digest"] == ("1cb251ec0d568de6a929b520c4aed8d1", "616263", "abc")
    assert names["feature"].bytes_list.value[0] == b"label" and names["own"] == 9
