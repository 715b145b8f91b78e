package alert

// Syslog returns the alert as a syslog message.
func (a Alert) Syslog(format string) (string, error) { return a.syslog(format) }

const OCSFVersion = ocsfVersion

const ECSVersion = ecsRelease

func (a Alert) Encode(format string) ([]byte, error) { return a.encode(format) }
