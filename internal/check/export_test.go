package check

var StepOf = stepOf
