"""Pure functions on text: what people type becomes safe HTML, and other people's HTML becomes safe or plain text."""
