"""TensorBoard events of a run: its graph, its losses and its sample grids."""

from gan_tf1.tf1 import tf


def started(folder, graph, epoch):
    """A `tf.summary.FileWriter` in `folder`, for a run that continues after `epoch`.

    Events of later epochs, which an interrupted process may have written, are marked as invalid.
    """
    writer = tf.summary.FileWriter(str(folder), graph)
    if epoch:
        start = tf.SessionLog(status=tf.SessionLog.START)
        writer.add_session_log(start, epoch + 1)
    return writer


def add(writer, epoch, losses, grid) -> None:
    """Write the events of `epoch`: the dict `losses`, and `grid`, a PNG file's bytes or None."""
    values = [tf.Summary.Value(tag=f"losses/{name}", simple_value=value)
              for name, value in losses.items()]
    if grid:
        values.append(tf.Summary.Value(
            tag="samples", image=tf.Summary.Image(encoded_image_string=grid)))
    writer.add_summary(tf.Summary(value=values), epoch)
    writer.flush()
