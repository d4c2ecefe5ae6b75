/// One request over HTTP on its way.
typealias HTTPExchange = PendingCall<HTTPRequest, HTTPAnswer>
