"""`tf.contrib.slim`: its training loop, its queues, and weights from checkpoints."""

import contextlib
import time

import numpy as np

from gan_tf1.tf1 import tf

USE_DEFAULT = object()


@contextlib.contextmanager
def queue_runners(session):
    """A context in which the queues of the graph are filled: `slim.queues.QueueRunners`."""
    coordinator = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(session, coordinator)
    try:
        yield
    finally:
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=10, ignore_live_threads=True)


def train_step(sess, train_op, global_step, train_step_kwargs):
    """One step; returns its loss and whether to stop."""
    started = time.time()
    loss, steps = sess.run([train_op, global_step])
    should_stop = should_log = False
    if "should_stop" in train_step_kwargs:
        should_stop = sess.run(train_step_kwargs["should_stop"])
    if "should_log" in train_step_kwargs:
        should_log = sess.run(train_step_kwargs["should_log"])
    if should_log:
        tf.logging.info("global step %d: loss = %.4f (%.3f sec/step)", steps, loss,
                        time.time() - started)
    return loss, should_stop


def train(train_op, logdir, train_step_fn=train_step, train_step_kwargs=USE_DEFAULT,
          log_every_n_steps=1, graph=None, master="", is_chief=True, global_step=None,
          number_of_steps=None, init_op=USE_DEFAULT, init_feed_dict=None,
          local_init_op=USE_DEFAULT, init_fn=None, ready_op=USE_DEFAULT,
          summary_op=USE_DEFAULT, save_summaries_secs=600, summary_writer=USE_DEFAULT,
          startup_delay_steps=0, saver=None, save_interval_secs=600, sync_optimizer=None,
          session_config=None, session_wrapper=None, trace_every_n_steps=None, **options):
    """`slim.learning.train`: run `train_op` until `number_of_steps`; returns the last loss.

    Checkpoints and summaries go to `logdir`, from which an earlier training is continued.
    """
    if train_op is None:
        raise ValueError("train_op cannot be None.")
    graph = graph or tf.get_default_graph()
    with graph.as_default():
        step = global_step if global_step is not None else tf.train.get_or_create_global_step()
        saver = saver or tf.train.Saver()
        given = {"init_op": init_op, "local_init_op": local_init_op, "ready_op": ready_op,
                 "summary_op": summary_op, "summary_writer": summary_writer}
        given = {name: value for name, value in given.items() if value is not USE_DEFAULT}
        if train_step_kwargs is USE_DEFAULT:
            train_step_kwargs = {}
            if log_every_n_steps > 0:
                train_step_kwargs["should_log"] = tf.equal(step % log_every_n_steps, 0)
            if number_of_steps:
                train_step_kwargs["should_stop"] = tf.greater_equal(step, number_of_steps)
    supervisor = tf.train.Supervisor(
        graph=graph, is_chief=is_chief, logdir=logdir, global_step=step, saver=saver,
        init_feed_dict=init_feed_dict, save_summaries_secs=save_summaries_secs,
        save_model_secs=save_interval_secs, init_fn=init_fn, **given)
    loss = None
    with supervisor.managed_session(master, config=session_config) as sess:
        runner = sess if session_wrapper is None else session_wrapper(sess)
        while not supervisor.should_stop():
            loss, should_stop = train_step_fn(runner, train_op, step, train_step_kwargs)
            if should_stop:
                tf.logging.info("Stopping Training.")
                supervisor.request_stop()
                break
        if logdir and is_chief:
            supervisor.saver.save(sess, supervisor.save_path, step)
    return loss


def multiply_gradients(grads_and_vars, gradient_multipliers):
    """The (gradient, variable) pairs, scaled by a dict of variables (or names) and factors."""
    found = []
    for grad, var in grads_and_vars:
        factor = next((value for key, value in gradient_multipliers.items()
                       if key is var or key == var.op.name), None)
        found.append((grad if factor is None or grad is None else grad * factor, var))
    return found


def assign_from_values_fn(var_names_to_values):
    """A function of a session that gives the variables the values of a dict by name."""
    def assign(session):
        graph = session.graph
        for name, value in var_names_to_values.items():
            [var] = [var for var in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
                     if var.op.name == name]
            var.load(np.asarray(value), session)
    return assign


def assign_from_checkpoint_fn(model_path, var_list, ignore_missing_vars=False,
                              reshape_variables=False):
    """A function of a session that restores `var_list`, a list or a dict by name."""
    variables = var_list if isinstance(var_list, dict) else {var.op.name: var for var in var_list}
    if ignore_missing_vars:
        known = tf.train.NewCheckpointReader(model_path).get_variable_to_shape_map()
        variables = {name: var for name, var in variables.items() if name in known}
    if not variables:
        tf.logging.warning("No Variables to restore")
        return None
    saver = tf.train.Saver(variables, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)


def evaluate_once(master, checkpoint_path, logdir, num_evals=1, initial_op=None, eval_op=None,
                  final_op=None, summary_op=None, variables_to_restore=None, session_config=None,
                  hooks=None, **options):
    """Run `eval_op` `num_evals` times with a checkpoint; returns the value of `final_op`."""
    saver = tf.train.Saver(variables_to_restore)
    with tf.Session(master, config=session_config) as sess:
        sess.run([tf.local_variables_initializer(), tf.tables_initializer()])
        saver.restore(sess, checkpoint_path)
        with queue_runners(sess):
            if initial_op is not None:
                sess.run(initial_op)
            for _ in range(num_evals if eval_op is not None else 0):
                sess.run(eval_op)
            summary = tf.summary.merge_all() if summary_op is None else summary_op
            if summary is not None and logdir:
                with tf.summary.FileWriter(logdir, sess.graph) as writer:
                    writer.add_summary(sess.run(summary))
            return None if final_op is None else sess.run(final_op)
