"""The policy, asked by every view before it runs."""

from rest_framework.permissions import BasePermission

from organizations import policy


class PolicyPermission(BasePermission):
    """401 for strangers, 403 for what the table never permits. Rows out of scope are not this class's: they are 404."""

    def has_permission(self, request, view):
        if not request.user.is_authenticated:
            return False
        if view.action is None or request.method.lower() not in view.http_method_names:
            return True  # a method the path does not have: 405 follows
        return policy.allows(request.user, view.resource, view.policy_action)

    def describe_access(self, view) -> str:
        """Who may do the view's action, as the access table says; "" where it does not."""
        scopes = policy.CELLS.get((view.resource, view.policy_action), {})
        # Guests have a page and no API.
        columns = [column for column, scope in scopes.items() if scope != policy.NEVER and column != policy.GUEST]
        allowed = [f"{column} ({scopes[column]})" for column in columns]
        return f"For {', '.join(allowed)}." if allowed else ""
