"""The app: command line, screens, keys, themes."""
