public import CoreModel

extension Bounds {
    /// The number of present peers up to which each has a link with every other: 24 pings and pongs a second each, and
    /// 100 ms of handshakes to join.
    public static let fullMeshCount = 48
    /// The maximum number of peers remembered by name: 10,000 × about 350 bytes, of which 200 serve to find lookalikes.
    /// Beyond it some are evicted: first those that were met in passing, longest ago.
    static let knownPeerCount = 10_000
    /// The maximum number of names reported by others for keys never met: 4,096 × about 150 bytes = 600 KiB.
    static let reportedNameCount = 4096
    /// The number of peers evicted together.
    static let forgottenPeerCount = 1_000
    /// A peer whose first and last meeting are less than this apart was met in passing, as all throwaway keys are.
    static let passingTime = Duration.seconds(24 * 3600)
}
