import CoreModel

extension Bounds {
    /// Bytes of one link that are with the host and not known to be with the system: one frame of the greatest size. With
    /// what the system holds back (128 KiB) this is what a line waits for behind an answer of any length: 2 ms at
    /// 1 Gbit/s.
    package static let outstandingBytes = 64 * 1024
}
