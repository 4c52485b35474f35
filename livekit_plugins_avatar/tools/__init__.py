"""What is not the plugin: command line, demo, films, measurements. Nothing outside imports it."""
