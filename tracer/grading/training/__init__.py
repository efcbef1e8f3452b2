"""Whether the updates of a training follow the gradients of its loss."""
