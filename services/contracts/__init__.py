"""The words the services say to each other. Holds no behaviour beyond its own shapes."""
