public import CoreModel

extension Bounds {
    /// Present peers up to which everybody has a link with everybody: 24 pings and pongs a second each, and 100 ms of
    /// handshakes to join.
    public static let fullMeshCount = 48
    /// Peers remembered by name from earlier: 10,000 × about 350 bytes, 200 of them for finding names that look alike.
    /// When there are more, some give way: first those that were met in passing, longest ago.
    static let knownPeerCount = 10_000
    /// Names that others told of keys that were never met: 4,096 × about 150 bytes = 600 KiB.
    static let reportedNameCount = 4096
    /// How many give way at once.
    static let forgottenPeerCount = 1_000
    /// Who was met over less than this was met in passing, as all throwaway keys are.
    static let passingTime = Duration.seconds(24 * 3600)
}
