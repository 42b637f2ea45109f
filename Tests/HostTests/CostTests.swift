import CMeasure
import CoreModel
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Host

extension HostTests {
    /// Counts, unlike times, do not vary.
    @Suite("Cost of a round")
    struct CostTests {
        /// Returns the number of system calls in a round in which a message on one link is sent to this many others.
        private func calls(listeners: Int) throws -> UInt64 {
            let hub = try ToyHost()
            let callers = try ToyHost()
            let message = [UInt8](repeating: 7, count: 300)
            for number in 0...listeners {
                callers.want(.openLink(LinkID(number: UInt64(number)), to: hub.endpoint, from: .any))
            }
            #expect(try turn(hub, callers) { hub.board.accepted.count == listeners + 1 })
            #expect(try turn(hub, callers) { callers.board.opened.count == listeners + 1 })
            hub.board.answer = { input in
                guard case .linkBytesReceived(let speaker, _) = input else { return [] }
                return hub.board.accepted.filter { $0 != speaker }.map { .sendOnLink($0, message) }
            }
            callers.want(.sendOnLink(LinkID(number: 0), [1]))
            try callers.turn()
            let before = measure_call_count()
            try hub.turn()
            let calls = measure_call_count() - before
            #expect(
                try turn(callers) {
                    callers.board.received.values.reduce(0) { $0 + $1.count } == listeners * message.count
                })
            return calls
        }

        @Test("a message is received once and sent once to each of the others, with no other system call")
        func calls() throws {
            guard measure_is_counting() == 1 else { return }
            #expect(try calls(listeners: 10) == 1 + 10)
            #expect(try calls(listeners: 40) == 1 + 40)
        }

        @Test("sending allocates no memory")
        func sending() throws {
            let hub = try ToyHost()
            let poller = try Poller()
            let table = try LinkSocketTable(poller: poller)
            let link = LinkID(number: 1)
            table.open(link, to: hub.endpoint, at: Clock.now())
            var isOpen = false
            let end = Clock.now() + .seconds(20)
            while !isOpen, Clock.now() < end {
                try poller.wait(atMost: .milliseconds(10))
                for index in 0..<poller.readyCount {
                    guard let (_, readiness) = poller.ready(at: index) else { continue }
                    if case .linkOpened? = table.ready(link, readiness) { isOpen = true }
                }
            }
            #expect(isOpen)
            table.flush()
            let message = [UInt8](repeating: 7, count: 300)
            table.send(message, on: link)
            let before = measure_allocation_count()
            for _ in 0..<100 { table.send(message, on: link) }
            #expect(measure_allocation_count() == before)
            #expect(try turn(hub) { hub.board.received.values.first?.count == 101 * message.count })
        }
    }
}
