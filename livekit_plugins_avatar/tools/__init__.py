"""Tools around the plugin: command line, demo, films and measurements. The plugin imports none."""
