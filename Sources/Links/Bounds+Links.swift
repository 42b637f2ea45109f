import CoreModel

extension Bounds {
    /// The maximum number of bytes of one link that are with the host and not known to be with the system: enough for
    /// one frame of the greatest size. Together with the system's send buffer (128 KiB) this is the most that a chat
    /// line waits for behind a long answer: 2 ms at 1 Gbit/s.
    package static let outstandingBytes = 64 * 1024
}
