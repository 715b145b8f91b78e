package wholefile

// Check is check, for the tests.
var Check = check
