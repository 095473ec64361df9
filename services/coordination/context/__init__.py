"""What meetings and documents have to know of planning and of the authority desk: copies made from their facts."""
