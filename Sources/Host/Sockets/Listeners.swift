import CoreModel
import Wire

/// The listeners of the process.
final class Listeners {
    private var links: Listener?
    private var guests: Listener?
    private(set) var pages: MetricsServer?
    private(set) var status: StatusServer?
    let linkPort: UInt16
    let guestPort: UInt16
    let pagePort: UInt16

    init(_ configuration: HostConfiguration, poller: Poller) throws {
        let links = try Listener(configuration.port, poller: poller)
        if !configuration.guestPlaces.isEmpty {
            guests = try Listener(.at(configuration.guestPlaces), door: .guests, poller: poller)
        }
        if !configuration.pagePlaces.isEmpty {
            pages = MetricsServer(
                try Listener(.at(configuration.pagePlaces), door: .pages, poller: poller), poller: poller)
        }
        if let directory = configuration.statusDirectory {
            do throws(SystemError) {
                status = try StatusServer(in: directory, poller: poller)
            } catch {
                // Only `earshot doctor` needs it.
                configuration.note(Note(.debug, "no status for earshot doctor: \(error)"))
            }
        }
        self.links = links
        linkPort = links.port
        guestPort = guests?.port ?? 0
        pagePort = pages?.port ?? 0
    }

    /// Accepts waiting connections; this object keeps those for the metrics page.
    func accept(at door: Door, now: Instant, _ body: (consuming Descriptor, Endpoint) -> Void) {
        switch door {
        case .links: links?.accept(at: now, body)
        case .guests: guests?.accept(at: now, body)
        case .pages: pages?.accept(at: now)
        // The host answers these, because it has the core.
        case .status: break
        }
    }

    /// Allows a socket of ours to bind to the link port while `body` runs (``Listener/sharingPort(_:)``).
    func sharingLinkPort<Result>(_ body: () -> Result) -> Result { links?.sharingPort(body) ?? body() }

    var nextDeadline: Instant? {
        [links?.pausedUntil, guests?.pausedUntil, pages?.nextDeadline].compactMap(\.self).min()
    }

    func deadlineReached(at now: Instant) {
        links?.deadlineReached(at: now)
        guests?.deadlineReached(at: now)
        pages?.deadlineReached(at: now)
    }

    /// Stops accepting connections.
    func close() {
        links = nil
        guests = nil
        pages = nil
        status = nil
    }
}
