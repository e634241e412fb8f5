"""What belongs to one person, as files that others can read: taken along from here, and brought here from elsewhere."""
