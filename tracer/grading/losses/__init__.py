"""What a training minimizes."""
