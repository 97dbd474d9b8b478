"""What `synfin packets` prints and writes beside what tshark does: cases, rules of comparison, differences."""
