"""Networks, training, evaluation and explanation of classifiers."""
