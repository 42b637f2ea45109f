import Testing

/// All suites of the host, one after the other: some count the descriptors of the process, and all share its ports.
@Suite("Host", .serialized)
enum HostTests {}
