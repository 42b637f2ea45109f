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
    }

    /// Unknown types from here on close the link; below, they are passed over (Protocol.md, Versions).
    public static let firstCriticalType: UInt64 = 128
}
