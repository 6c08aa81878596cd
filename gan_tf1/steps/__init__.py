"""Is a training step the same on another device, or outside of TensorFlow?"""
