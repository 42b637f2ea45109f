extension Frame {
    /// The first element of a frame's array (Protocol.md, Frames).
    enum TypeNumber: UInt8 {
        case hello = 0
        case announcement = 1
        case peers = 2
        case ping = 3
        case pong = 4
        case goodbye = 5
        case entries = 6
        case reconcile = 7
        case want = 8
        case have = 9
        case receipt = 10
        case gathering = 11
        case away = 12
        case join = 16
        case welcome = 17
        case refusal = 18
        case members = 19
        case moderate = 20
        case moderated = 21
        case removed = 22
        case notice = 23
        case topic = 24
        case tunnel = 25
        case tunnelClosed = 26
        case declined = 27
        case digest = 28
        case advertise = 29
        case request = 30
        case advertisements = 31
        case authors = 32
    }

    /// The first frame type that closes the link if it is unknown; unknown types below it are skipped (Protocol.md,
    /// Versions).
    public static let firstCriticalType: UInt64 = 128
}
