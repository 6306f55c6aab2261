import Testing

/// One server at a time: each parks a thread of Dispatch's small pool in its epoll, and a station has only one.
@Suite("The dashboard", .serialized, .timeLimit(.minutes(2)))
enum DashboardTests {}
