"""What is done to a cluster: journaled, followed on the pictures, proven, taken up again."""
