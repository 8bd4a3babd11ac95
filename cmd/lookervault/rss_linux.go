package main

// maxrssUnit is the unit of getrusage's ru_maxrss, in bytes.
const maxrssUnit = 1 << 10
