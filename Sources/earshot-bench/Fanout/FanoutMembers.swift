import Glibc

/// Many members in one process, whose messages are sent at the right time and counted when they arrive.
final class FanoutMembers {
    private(set) var members: [any Member] = []
    private let watch = Watch()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private(set) var deliveredCount = 0
    private(set) var joinedCount = 0
    private(set) var byteCount = 0
    private var failure: (any Error)?
    /// Called for each delivery, if set: with the member's index and the number of its deliveries so far.
    var deliveryArrived: ((_ index: Int, _ count: Int) -> Void)?

    deinit {
        for member in members { close(member.socket) }
        buffer.deallocate()
    }

    func add(_ member: any Member, connectedBy socket: CInt) {
        watch.add(socket, number: members.count)
        members.append(member)
        member.connected(socket)
        if member.hasJoined { joinedCount += 1 }
    }

    /// Reads the data that has arrived.
    func turn(milliseconds: CInt = 0) throws {
        watch.wait(milliseconds: milliseconds) { index in
            let member = members[index]
            let count = recv(member.socket, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else {
                if count == 0 { failure = Obstacle("the server closed a link") }
                return
            }
            let (delivered, hadJoined) = (member.deliveredCount, member.hasJoined)
            do { try member.received(UnsafeRawBufferPointer(rebasing: buffer[..<count])) } catch { failure = error }
            byteCount += count
            deliveredCount += member.deliveredCount - delivered
            if !hadJoined, member.hasJoined { joinedCount += 1 }
            guard let deliveryArrived, member.deliveredCount > delivered else { return }
            for number in delivered..<member.deliveredCount { deliveryArrived(index, number) }
        }
        if let failure { throw failure }
    }

    func turn(until isDone: () -> Bool, within seconds: Int = 60) throws {
        let end = ProcessorClock.now + UInt64(seconds) * 1_000_000_000
        while !isDone() {
            try turn()
            guard ProcessorClock.now < end else {
                throw Obstacle("\(deliveredCount) deliveries and \(joinedCount) joins, and no more arrive")
            }
        }
    }

    func say(_ messages: Range<Int>, by index: Int) {
        Stream.send(members[index].saying(messages), on: members[index].socket)
    }
}
