import Testing

/// All suites of the host, run one after the other, because they share the ports of the machine.
@Suite("Host", .serialized)
enum HostTests {}
