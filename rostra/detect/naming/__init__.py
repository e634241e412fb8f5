"""Names and days that a text mentions: the lists, and how they are read. `rostra.detect.extract` puts them together."""
