"""Who stands where in the sample systems, each row in its system's own terms. All of it is made up."""
