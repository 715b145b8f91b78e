package alert

// Syslog returns the alert as a syslog message.
func (a Alert) Syslog(format string) (string, error) { return a.syslog(format) }
