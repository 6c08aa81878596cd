"""`tf.contrib.gan` (TF-GAN): models, losses with gradient penalty, train ops, and training loops.

`gan_losses.py` has the losses. Sampling quality (`tfgan.eval.inception_score`), the estimators and
the tensor pools aren't here. Source: tensorflow/contrib/gan of TensorFlow 1.15.
"""

import collections

from gan_tf1.listing.contrib import gan_losses, layers, slim, training
from gan_tf1.tf1 import tf

GANModel = collections.namedtuple("GANModel", (
    "generator_inputs generated_data generator_variables generator_scope generator_fn real_data "
    "discriminator_real_outputs discriminator_gen_outputs discriminator_variables "
    "discriminator_scope discriminator_fn"))
InfoGANModel = collections.namedtuple("InfoGANModel", GANModel._fields + (
    "structured_generator_inputs", "predicted_distributions", "discriminator_and_aux_fn"))
ACGANModel = collections.namedtuple("ACGANModel", GANModel._fields + (
    "one_hot_labels", "discriminator_real_classification_logits",
    "discriminator_gen_classification_logits"))
CycleGANModel = collections.namedtuple(
    "CycleGANModel", "model_x2y model_y2x reconstructed_x reconstructed_y")
GANLoss = collections.namedtuple("GANLoss", "generator_loss discriminator_loss")
CycleGANLoss = collections.namedtuple("CycleGANLoss", "loss_x2y loss_y2x")
GANTrainOps = collections.namedtuple(
    "GANTrainOps", "generator_train_op discriminator_train_op global_step_inc_op train_hooks",
    defaults=((),))
GANTrainSteps = collections.namedtuple(
    "GANTrainSteps", "generator_train_steps discriminator_train_steps")


def _tensors(inputs):
    return tf.nest.map_structure(tf.convert_to_tensor, inputs)


def gan_model(generator_fn, discriminator_fn, real_data, generator_inputs,
              generator_scope="Generator", discriminator_scope="Discriminator",
              check_shapes=True):
    """Build both networks; `discriminator_fn(data, generator_inputs)` gives logits.

    Raises ValueError if the shapes of real and generated data differ.
    """
    with tf.variable_scope(generator_scope) as gen_scope:
        inputs = _tensors(generator_inputs)
        generated = generator_fn(inputs)
    with tf.variable_scope(discriminator_scope) as dis_scope:
        on_generated = discriminator_fn(generated, inputs)
    with tf.variable_scope(dis_scope, reuse=True):
        real = _tensors(real_data)
        on_real = discriminator_fn(real, inputs)
    if check_shapes and not generated.shape.is_compatible_with(real.shape):
        raise ValueError(f"Generator output shape ({generated.shape}) must be the same shape as "
                         f"real data ({real.shape}).")
    return GANModel(inputs, generated, tf.trainable_variables(gen_scope.name + "/"), gen_scope,
                    generator_fn, real, on_real, on_generated,
                    tf.trainable_variables(dis_scope.name + "/"), dis_scope, discriminator_fn)


def acgan_model(generator_fn, discriminator_fn, real_data, generator_inputs, one_hot_labels,
                generator_scope="Generator", discriminator_scope="Discriminator",
                check_shapes=True):
    """Like `gan_model`, but the discriminator gives a pair (logits, logits of the classes)."""
    model = gan_model(generator_fn, discriminator_fn, real_data, generator_inputs,
                      generator_scope, discriminator_scope, check_shapes)
    (on_real, real_classes), (on_generated, classes) = (model.discriminator_real_outputs,
                                                        model.discriminator_gen_outputs)
    model = model._replace(discriminator_real_outputs=on_real,
                           discriminator_gen_outputs=on_generated)
    return ACGANModel(*model, tf.convert_to_tensor(one_hot_labels), real_classes, classes)


def infogan_model(generator_fn, discriminator_fn, real_data, unstructured_generator_inputs,
                  structured_generator_inputs, generator_scope="Generator",
                  discriminator_scope="Discriminator"):
    """Like `gan_model`, but the discriminator gives a pair (logits, list of distributions)."""
    structured = _tensors(structured_generator_inputs)
    model = gan_model(generator_fn, discriminator_fn, real_data,
                      list(unstructured_generator_inputs) + list(structured), generator_scope,
                      discriminator_scope)
    on_generated, distributions = model.discriminator_gen_outputs
    model = model._replace(
        discriminator_real_outputs=model.discriminator_real_outputs[0],
        discriminator_gen_outputs=on_generated,
        discriminator_fn=lambda data, inputs: discriminator_fn(data, inputs)[0])
    return InfoGANModel(*model, structured, distributions, discriminator_fn)


def cyclegan_model(generator_fn, discriminator_fn, data_x, data_y, generator_scope="Generator",
                   discriminator_scope="Discriminator", model_x2y_scope="ModelX2Y",
                   model_y2x_scope="ModelY2X", check_shapes=True):
    """Two `gan_model`s, and what each makes of the other's output."""
    models = []
    for scope, source, target in ((model_x2y_scope, data_x, data_y),
                                  (model_y2x_scope, data_y, data_x)):
        with tf.variable_scope(scope):
            models.append(gan_model(generator_fn, discriminator_fn, target, source,
                                    generator_scope, discriminator_scope, check_shapes))
    back = []
    for model, other in (models[::-1], models):
        with tf.variable_scope(model.generator_scope, reuse=True):
            back.append(generator_fn(other.generated_data))
    return CycleGANModel(*models, *back)


def gan_loss(model, generator_loss_fn=None, discriminator_loss_fn=None,
             gradient_penalty_weight=None, gradient_penalty_epsilon=1e-10,
             gradient_penalty_target=1.0, gradient_penalty_one_sided=False,
             mutual_information_penalty_weight=None, aux_cond_generator_weight=None,
             aux_cond_discriminator_weight=None, tensor_pool_fn=None, reduction=None,
             add_summaries=True):
    """The `GANLoss` of a model: by default Wasserstein losses; regularization is added to both."""
    if tensor_pool_fn is not None:
        raise NotImplementedError("tf.contrib.gan.gan_loss: tensor_pool_fn isn't supported here")
    losses = gan_losses.of_models()
    gen = (generator_loss_fn or losses["wasserstein_generator_loss"])(
        model, add_summaries=add_summaries)
    dis = (discriminator_loss_fn or losses["wasserstein_discriminator_loss"])(
        model, add_summaries=add_summaries)
    if gradient_penalty_weight:
        dis += gradient_penalty_weight * losses["wasserstein_gradient_penalty"](
            model, epsilon=gradient_penalty_epsilon, target=gradient_penalty_target,
            one_sided=gradient_penalty_one_sided, add_summaries=add_summaries)
    if mutual_information_penalty_weight:
        info = losses["mutual_information_penalty"](model, add_summaries=add_summaries)
        gen += mutual_information_penalty_weight * info
        dis += mutual_information_penalty_weight * info
    if aux_cond_generator_weight:
        gen += aux_cond_generator_weight * losses["acgan_generator_loss"](model)
    if aux_cond_discriminator_weight:
        dis += aux_cond_discriminator_weight * losses["acgan_discriminator_loss"](model)
    gen_penalty, dis_penalty = (
        tf.losses.get_regularization_loss(scope.name) if scope else 0
        for scope in (model.generator_scope, model.discriminator_scope))
    return GANLoss(gen + gen_penalty, dis + dis_penalty)


def cyclegan_loss(model, generator_loss_fn=None, discriminator_loss_fn=None,
                  cycle_consistency_loss_fn=None, cycle_consistency_loss_weight=10.0, **options):
    """The `CycleGANLoss` of a CycleGAN model; least squares by default."""
    losses = gan_losses.of_models()
    cycle = cycle_consistency_loss_weight * (
        cycle_consistency_loss_fn or gan_losses.cycle_consistency_of_model)(model)
    found = []
    for part in (model.model_x2y, model.model_y2x):
        loss = gan_loss(
            part, generator_loss_fn or losses["least_squares_generator_loss"],
            discriminator_loss_fn or losses["least_squares_discriminator_loss"], **options)
        found.append(loss._replace(generator_loss=loss.generator_loss + cycle))
    return CycleGANLoss(*found)


def gan_train_ops(model, loss, generator_optimizer, discriminator_optimizer,
                  check_for_unused_update_ops=True, is_chief=True, **kwargs):
    """The `GANTrainOps`: one step of each network with its own UPDATE_OPS, and the counter.

    Of these, `update_ops` leaves only those that it contains. Raises ValueError if some belong to neither.
    """
    if isinstance(model, CycleGANModel):
        both = [gan_train_ops(part, of_part, generator_optimizer, discriminator_optimizer, False,
                              **kwargs)
                for part, of_part in zip(model[:2], loss)]
        return GANTrainOps(tuple(ops.generator_train_op for ops in both),
                           tuple(ops.discriminator_train_op for ops in both),
                           both[0].global_step_inc_op)
    increase = tf.train.get_or_create_global_step().assign_add(1)
    parts = []
    given = {id(op) for op in kwargs.pop("update_ops", tf.get_collection(tf.GraphKeys.UPDATE_OPS))}
    unused = set(given)
    for scope in (model.generator_scope, model.discriminator_scope):
        parts.append([op for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope.name) if id(op) in given])
        unused -= {id(op) for op in parts[-1]}
    if check_for_unused_update_ops and unused:
        raise ValueError("There are unused update ops: they belong neither to the generator's "
                         "scope nor to the discriminator's")
    with tf.name_scope("generator_train"):
        gen = training.create_train_op(
            loss.generator_loss, generator_optimizer, None, parts[0],
            variables_to_train=model.generator_variables, **kwargs)
    with tf.name_scope("discriminator_train"):
        dis = training.create_train_op(
            loss.discriminator_loss, discriminator_optimizer, None, parts[1],
            variables_to_train=model.discriminator_variables, **kwargs)
    return GANTrainOps(gen, dis, increase)


def _hook(ops, count):
    class RunTrainOpsHook(tf.train.SessionRunHook):
        """Runs `ops` `count` times before each step."""

        def before_run(self, run_context):
            """Run them."""
            for _ in range(count):
                run_context.session.run(ops)

    return RunTrainOpsHook()


def get_sequential_train_hooks(train_steps=GANTrainSteps(1, 1)):
    """A function of `GANTrainOps`: hooks that train the generator, then the discriminator."""
    return lambda ops: [_hook(ops.generator_train_op, train_steps.generator_train_steps),
                        _hook(ops.discriminator_train_op, train_steps.discriminator_train_steps),
                        *ops.train_hooks]


def get_joint_train_hooks(train_steps=GANTrainSteps(1, 1)):
    """A function of `GANTrainOps`: hooks that train both at once, and one alone for the rest."""
    gen, dis = train_steps
    both = min(gen, dis)
    return lambda ops: [_hook([ops.generator_train_op, ops.discriminator_train_op], both),
                        _hook(ops.generator_train_op, gen - both),
                        _hook(ops.discriminator_train_op, dis - both), *ops.train_hooks]


def get_sequential_train_steps(train_steps=GANTrainSteps(1, 1)):
    """A function for `slim.learning.train`: the steps of both networks; returns (loss, stop)."""
    def step(sess, train_ops, global_step, train_step_kwargs):
        total = 0
        for op, count in zip(train_ops, train_steps):
            for _ in range(count):
                total += slim.train_step(sess, op, global_step, {})[0]
        sess.run(train_ops.global_step_inc_op)
        stop = train_step_kwargs.get("should_stop")
        return total, False if stop is None else sess.run(stop)
    return step


def gan_train(train_ops, logdir, get_hooks_fn=get_sequential_train_hooks(), master="",
              is_chief=True, scaffold=None, hooks=None, chief_only_hooks=None,
              save_checkpoint_secs=600, save_summaries_steps=100, config=None):
    """Train until a hook stops it; returns the number of steps."""
    steps = None
    with tf.train.MonitoredTrainingSession(
            master, is_chief, logdir, scaffold, [*(hooks or ()), *get_hooks_fn(train_ops)],
            chief_only_hooks, save_checkpoint_secs, save_summaries_steps, config=config) as sess:
        while not sess.should_stop():
            steps = sess.run(train_ops.global_step_inc_op)
    return steps


def condition_tensor(tensor, conditioning):
    """`tensor` [B, ...] plus a linear function of `conditioning` [B, ...], of all its numbers."""
    tensor.shape[1:].assert_is_fully_defined()
    mapped = layers.linear(layers.flatten(conditioning), tensor.shape[1:].num_elements())
    return tensor + tf.reshape(mapped, [-1, *tensor.shape[1:].as_list()])


def condition_tensor_from_onehot(tensor, one_hot_labels, embedding_size=256):
    """`condition_tensor` with an embedding of the labels."""
    table = tf.get_variable("embedding", [one_hot_labels.shape[1], embedding_size])
    return condition_tensor(tensor, tf.nn.embedding_lookup(table, tf.argmax(one_hot_labels, 1)))


def image_grid(input_tensor, grid_shape, image_shape=(32, 32), num_channels=3):
    """[rows * columns, H, W, C] -> [1, rows * H, columns * W, C]."""
    (rows, columns), (height, width) = grid_shape, image_shape
    x = tf.reshape(input_tensor, [rows, columns, height, width, num_channels])
    return tf.reshape(tf.transpose(x, [0, 2, 1, 3, 4]),
                      [1, rows * height, columns * width, num_channels])


def image_reshaper(images, num_cols=None):
    """An image [1, H', W', C] of all `images` [B, H, W, C], `num_cols` in a row."""
    if isinstance(images, (list, tuple)):
        images = tf.stack(images)
    count, height, width, channels = images.shape.as_list()
    columns = num_cols or int(count ** 0.5)
    rows = -(-count // columns)
    images = tf.pad(images, [[0, rows * columns - count], [0, 0], [0, 0], [0, 0]])
    return image_grid(images, (rows, columns), (height, width), channels)


def add_gan_model_image_summaries(model, grid_size=4, model_summaries=True):
    """Images of `grid_size`² real and generated examples, for a model or a CycleGAN's two."""
    if isinstance(model, CycleGANModel):
        for part in model[:2]:
            add_gan_model_image_summaries(part, grid_size, model_summaries)
        return
    for name in ("real_data", "generated_data"):
        images = getattr(model, name)[:grid_size ** 2]
        images.set_shape([grid_size ** 2, *images.shape[1:]])
        tf.summary.image(name, image_reshaper(images, grid_size), 1)
    if model_summaries:
        add_gan_model_summaries(model)


def add_gan_model_summaries(model):
    """A histogram of each trainable variable."""
    for var in [*model.generator_variables, *model.discriminator_variables]:
        tf.summary.histogram(var.op.name, var)


def add_regularization_loss_summaries(model):
    """The regularization losses of both networks."""
    for part in model[:2] if isinstance(model, CycleGANModel) else [model]:
        for kind in ("generator", "discriminator"):
            scope = getattr(part, f"{kind}_scope")
            tf.summary.scalar(f"{kind}_regularization_loss",
                              tf.losses.get_regularization_loss(scope.name))
